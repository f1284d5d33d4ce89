/** The analyzers of rights, settings, secrets, packages and logs, in their order. */
import type { ContentAnalyzer, EntryAnalyzer } from '../analyzer.ts'
import { log } from '../logs/log.ts'
import { exposure } from '../secrets/exposure.ts'
import { secrets } from '../secrets/secrets.ts'
import { accounts } from './accounts.ts'
import { backdoor } from './backdoor.ts'
import { injection } from './injection.ts'
import { libraryRights } from './library-rights.ts'
import { packageState } from './package-state.ts'
import { privileges } from './privileges.ts'
import { program } from './program.ts'
import { rootPaths } from './root-paths.ts'
import { ssh } from './ssh.ts'
import { sshd } from './sshd.ts'
import { startup } from './startup.ts'
import { sudoers } from './sudoers.ts'

export const policyContentAnalyzers: readonly ContentAnalyzer[] = [
  program,
  secrets,
  sshd,
  ssh,
  sudoers,
  accounts,
  startup,
  injection,
  backdoor,
  log,
]

export const policyEntryAnalyzers: readonly EntryAnalyzer[] = [
  privileges,
  libraryRights,
  rootPaths,
  packageState,
  exposure,
]
