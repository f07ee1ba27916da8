/** The parts of a stack that have to be stopped, in reverse order of their start. */

export class Resources {
  readonly #stack = new AsyncDisposableStack();
  readonly #onError: (message: string) => void;

  /** @param onError Receives the error of a part that does not stop; the others still stop. */
  constructor(onError: (message: string) => void) {
    this.#onError = onError;
  }

  /** Runs `stop` before the stops that were added earlier. */
  defer(stop: () => unknown): void {
    this.#stack.defer(async () => {
      try {
        await stop();
      } catch (error) {
        this.#onError(`While stopping: ${(error as Error).message}`);
      }
    });
  }

  /** Stops everything. A second call does nothing. */
  async stop(): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
