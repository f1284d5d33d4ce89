/** Appends messages to the state database that is its argument until it is killed; each number is printed once durable. */
import { writeSync } from 'node:fs'
import { openAt } from './lab.ts'

const { say } = openAt(process.argv[2] as string)
for (let n = 1; ; n++) {
  if (say(`message ${n} ${'x'.repeat(n % 400)}`, { uuid: 'u', generation: n }) === 'durable') writeSync(1, `${n}\n`)
}
