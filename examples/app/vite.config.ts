import { defineConfig } from "vite";

// The client is a linked folder: its packages are those of this app.
export default defineConfig({
  resolve: { preserveSymlinks: true },
  server: { fs: { allow: ["../.."] } },
});
