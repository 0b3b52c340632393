import { defineConfig } from "vite";

export default defineConfig({
  // The server puts a <base> into the page, so that it also works where the application is mounted below a path.
  base: "./",
  publicDir: "public",
  build: {
    outDir: "../src/sdjobs/web/static",
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      // "use client" is a word for servers that render React; there is none.
      onLog: (level, log, say) => log.code !== "MODULE_LEVEL_DIRECTIVE" && say(level, log),
    },
  },
});
