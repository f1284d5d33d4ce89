import { LiveMap } from './live-map.ts'
import { browserSuite } from './browser.ts'
browserSuite('x', (t) => LiveMap.open(t, new Map([['a', new Uint8Array(65536).fill(65)]])), { async 'a'() {} })
