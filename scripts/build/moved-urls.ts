/**
 * esbuild plugin: `new URL('./x-worker.ts', import.meta.url)` names a file beside the source; in a bundle the code lies
 * elsewhere and the worker is called x-worker.js. Rewrites the name to where it lies from the bundle's own file.
 */

import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Plugin } from 'esbuild'

const besideThisFile = /new URL\(\s*(['"])(\.{1,2}\/[^'"]*)\1,\s*import\.meta\.url,?\s*\)/g

/** `placeOf` takes the target's path from the root; undefined means that the bundle must not name it. */
export function movedUrls(root: string, placeOf: (target: string) => string | undefined): Plugin {
  return {
    name: 'moved-urls',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const fromRoot = relative(root, path)
        if (!fromRoot.startsWith('src/')) return undefined
        const missing: string[] = []
        const contents = readFileSync(path, 'utf8').replace(besideThisFile, (whole, _quote, specifier: string) => {
          const place = placeOf(relative(root, join(dirname(path), specifier)) + (specifier.endsWith('/') ? '/' : ''))
          if (place === undefined) missing.push(specifier)
          return place === undefined ? whole : `new URL('${place}', import.meta.url)`
        })
        const errors = missing.map((specifier) => ({ text: `${fromRoot}: ${specifier} is not part of the bundle` }))
        return { contents, loader: 'ts', errors }
      })
    },
  }
}
