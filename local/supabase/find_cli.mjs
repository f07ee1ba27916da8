/** Prints the path of the Supabase CLI's binary. Run by Node, in npx's environment of the package `supabase`. */
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";

const platform = process.platform === "win32" ? "windows" : process.platform;
const packages = ["", "-musl"].map((libc) => `@supabase/cli-${platform}-${process.arch}${libc}`);
const program = platform === "windows" ? "supabase.exe" : "supabase";

function findBinary() {
  // npx puts the folder node_modules/.bin of the package onto the PATH.
  for (const folder of process.env.PATH.split(delimiter)) {
    const manifest = join(folder, "..", "supabase", "package.json");
    if (!existsSync(manifest)) continue;
    const require = createRequire(realpathSync(manifest));
    for (const name of packages) {
      try {
        return join(dirname(require.resolve(`${name}/package.json`)), "bin", program);
      } catch {
        // npm installs the one package that suits this machine.
      }
    }
  }
  throw new Error(`The package supabase has no binary for ${platform}-${process.arch}`);
}

process.stdout.write(findBinary());
