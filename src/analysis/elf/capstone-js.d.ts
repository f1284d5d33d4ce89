/** The package has no types of its own; capstone.ts says which of its exports it calls. */
declare module '@alexaltea/capstone-js' {
  const start: () => Promise<unknown>
  // biome-ignore lint/style/noDefaultExport: what a CommonJS package exports is its default
  export default start
}
