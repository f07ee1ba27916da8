/** The functions of the stand-in project: uploads are checked, then activated together. */
import * as z from "zod";
import { describeIssues } from "../../shared/values/zod_messages.ts";
import { sha256Hex } from "../../shared/crypto/digests.ts";
import { ApiError } from "./api_error.ts";

/** Documented limit of a deployment that the platform bundles. */
const MAX_BYTES = 5 * 1024 * 1024;

export interface UploadedFile {
  name: string;
  text: string;
}

/** A function as the API describes it. */
export interface FunctionResponse {
  id: string;
  slug: string;
  name: string;
  status: "ACTIVE";
  version: number;
  created_at: number;
  updated_at: number;
  verify_jwt: boolean;
  import_map: boolean;
  entrypoint_path: string;
  ezbr_sha256: string;
}

export interface HostedFunction extends FunctionResponse {
  files: UploadedFile[];
}

const Metadata = z.strictObject({
  entrypoint_path: z.string().min(1),
  import_map_path: z.string().optional(),
  static_patterns: z.array(z.string()).optional(),
  verify_jwt: z.boolean().optional(),
  name: z.string().optional(),
});

async function readFiles(form: FormData): Promise<UploadedFile[]> {
  const files = form.getAll("file").filter((part) => part instanceof File);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (bytes > MAX_BYTES) throw new ApiError(413, "The bundle is larger than 5 MB.");
  return await Promise.all(
    files.map(async (file) => ({ name: file.name, text: await file.text() })),
  );
}

function readMetadata(form: FormData): z.infer<typeof Metadata> {
  const { success, data, error } = Metadata.safeParse(
    JSON.parse(String(form.get("metadata") ?? "null")),
  );
  if (!success) throw new ApiError(400, describeIssues(error.issues, "metadata"));
  return data;
}

/** Relative imports whose file was not uploaded: the platform's bundler fails on them. */
function missingImports(files: UploadedFile[]): string[] {
  const names = new Set(files.map(({ name }) => name));
  const imports = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;
  return files.flatMap(({ name, text }) =>
    [...text.matchAll(imports)].map(([, target = ""]) => target)
      .filter((target) => !names.has(new URL(target, `file:///${name}`).pathname.slice(1)))
  );
}

export class HostedFunctions {
  readonly active = new Map<string, HostedFunction>();
  readonly #uploads = new Map<string, HostedFunction>();

  list(): FunctionResponse[] {
    return [...this.active.values()].map(({ files: _, ...response }) => response);
  }

  /** Bundles an upload, which is not active yet. @throws {ApiError} */
  async upload(slug: string | null, form: FormData): Promise<FunctionResponse> {
    if (slug === null || !/^[A-Za-z][\w-]*$/.test(slug)) {
      throw new ApiError(400, "The slug of a function has letters, digits, - and _.");
    }
    const files = await readFiles(form);
    const metadata = readMetadata(form);
    const { entrypoint_path } = metadata;
    if (!files.some(({ name }) => name === entrypoint_path)) {
      throw new ApiError(400, `The entry point was not uploaded: ${entrypoint_path}`);
    }
    const missing = missingImports(files);
    if (missing.length > 0) throw new ApiError(400, `Module not found: ${missing.join(", ")}`);
    const before = this.active.get(slug);
    const response: FunctionResponse = {
      id: before?.id ?? crypto.randomUUID(),
      slug,
      name: metadata.name ?? slug,
      status: "ACTIVE",
      version: (before?.version ?? 0) + 1,
      created_at: before?.created_at ?? Date.now(),
      updated_at: Date.now(),
      // The platform's default.
      verify_jwt: metadata.verify_jwt ?? true,
      import_map: Boolean(metadata.import_map_path),
      entrypoint_path,
      ezbr_sha256: sha256Hex(files.map(({ text }) => text).join("\0")),
    };
    this.#uploads.set(slug, { ...response, files });
    return response;
  }

  /** Makes uploads the functions that are called: all or none. @throws {ApiError} */
  activate(list: { slug: string; verify_jwt?: boolean }[]): FunctionResponse[] {
    const found = list.map(({ slug, verify_jwt = true }) => {
      const upload = this.#uploads.get(slug);
      if (upload === undefined) throw new ApiError(404, `Function not found: ${slug}`);
      return { ...upload, verify_jwt };
    });
    for (const upload of found) {
      this.active.set(upload.slug, upload);
      this.#uploads.delete(upload.slug);
    }
    return this.list();
  }
}
