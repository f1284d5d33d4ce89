/**
 * The forms of secrets that can be told by their looks: our own table, from what the issuers document of their tokens.
 *
 * A form is here only where its prefix or its surroundings make a chance match improbable. Every pattern has bounded
 * repetitions and no nested ones, so that it takes linear time. `secret` names what has to be hidden.
 */

export interface SecretRule {
  /** Stable; the rule of a finding is `secret-` and this. */
  readonly id: string
  /** What it is, as a noun. */
  readonly title: string
  /** Without one of them, in either case, nothing is looked at. Three characters or more. */
  readonly keywords: readonly string[]
  readonly pattern: RegExp
  /** Bits a character that the secret must have. */
  readonly entropyMin: number
  /** Loose forms are only believed in what people write: `text` with source code and scripts, `settings` without source. */
  readonly where: 'everywhere' | 'text' | 'settings'
  readonly confidence: number
}

/** What must not stand right before or after a token. */
const from = '(?<![A-Za-z0-9_+/-])'
const to = '(?![A-Za-z0-9_+/-])'

/** Rows of tokens with a prefix of their own: id, title, keywords, pattern, least entropy. */
const tokens: readonly (readonly [string, string, readonly string[], string, number?])[] = [
  ['aws-access-key', 'AWS access key id', ['AKIA', 'ASIA'], '(?:AKIA|ASIA)[A-Z2-7]{16}', 3],
  ['github-token', 'GitHub token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[A-Za-z0-9]{36}', 3],
  ['github-token', 'GitHub token', ['github_pat_'], 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'],
  ['gitlab-token', 'GitLab token', ['glpat-', 'gldt-', 'glrt-'], 'gl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,64}'],
  ['slack-token', 'Slack token', ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-'], 'xox[abprs]-[0-9A-Za-z-]{20,120}', 3],
  ['slack-token', 'Slack app token', ['xapp-'], 'xapp-\\d-[A-Z0-9]{8,16}-\\d{8,16}-[a-f0-9]{64}'],
  ['stripe-key', 'Stripe live key', ['sk_live_', 'rk_live_'], '[rs]k_live_[0-9A-Za-z]{24,128}', 3],
  ['google-oauth-secret', 'Google OAuth client secret', ['GOCSPX-'], 'GOCSPX-[0-9A-Za-z_-]{28}', 3.5],
  ['openai-key', 'OpenAI key', ['T3BlbkFJ'], 'sk-[A-Za-z0-9_-]{16,96}T3BlbkFJ[A-Za-z0-9_-]{16,96}'],
  ['anthropic-key', 'Anthropic key', ['sk-ant-'], 'sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{80,120}'],
  ['huggingface-token', 'Hugging Face token', ['hf_'], 'hf_[A-Za-z]{34}', 3.5],
  ['sendgrid-key', 'SendGrid key', ['SG.'], 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}', 4],
  ['npm-token', 'npm token', ['npm_'], 'npm_[A-Za-z0-9]{36}', 3.5],
  ['pypi-token', 'PyPI token', ['pypi-AgEI'], 'pypi-AgEIc[A-Za-z0-9_-]{50,1000}'],
  ['rubygems-key', 'RubyGems key', ['rubygems_'], 'rubygems_[a-f0-9]{48}'],
  ['docker-token', 'Docker Hub token', ['dckr_pat_', 'dckr_oat_'], 'dckr_[po]at_[A-Za-z0-9_-]{27,36}'],
  ['digitalocean-token', 'DigitalOcean token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], 'do[por]_v1_[a-f0-9]{64}'],
  ['vault-token', 'Vault token', ['hvs.', 'hvb.'], 'hv[sb]\\.[A-Za-z0-9_-]{90,300}', 3.5],
  ['databricks-token', 'Databricks token', ['dapi'], 'dapi[a-f0-9]{32}(?:-\\d)?', 3],
  ['grafana-token', 'Grafana token', ['glsa_'], 'glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}'],
  ['shopify-token', 'Shopify token', ['shpat_', 'shpca_', 'shppa_', 'shpss_'], 'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}'],
  ['telegram-token', 'Telegram bot token', [':AA'], '[0-9]{8,10}:AA[A-Za-z0-9_-]{33}', 3.5],
  ['age-key', 'age secret key', ['AGE-SECRET-KEY-1'], 'AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}'],
  ['tailscale-key', 'Tailscale key', ['tskey-'], 'tskey-[a-z]{2,12}-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40}'],
  ['linear-key', 'Linear key', ['lin_api_'], 'lin_api_[A-Za-z0-9]{40}'],
  ['atlassian-token', 'Atlassian token', ['ATATT3'], 'ATATT3[A-Za-z0-9_=-]{180,200}'],
  ['newrelic-key', 'New Relic key', ['NRAK-'], 'NRAK-[A-Z0-9]{27}', 3],
]

/** Of a setting: up to 48 characters, the last of which say what its value is. */
const settingName = '[\\w.-]{0,48}(?:password|passwd|passphrase|pwd|secret|api[_-]?key|token)'

const setting = {
  id: 'password-setting',
  title: 'Password or token in a setting',
  keywords: ['password', 'passwd', 'passphrase', 'pwd', 'secret', 'api_key', 'api-key', 'apikey', 'token'],
  entropyMin: 2.6,
  confidence: 0.5,
} as const

/** What a password on a command line looks like, as scripts, histories of shells and units have it. */
const word = `(?<quote>["']?)(?<secret>[^\\s"'\`$<>(){}[\\]|;&\\\\]{6,128})\\k<quote>(?=[\\s"'\`|;&)]|$)`
const commands: readonly (readonly [readonly string[], RegExp])[] = [
  [['sshpass'], new RegExp(`\\bsshpass[ \\t]{1,4}(?:-[vev][ \\t]{1,4}){0,2}-p[ \\t]{0,4}${word}`, 'g')],
  [
    ['mysql', 'mariadb'],
    new RegExp(
      `\\b(?:mysql|mariadb)(?:-?(?:dump|admin|import|check|show))?[ \\t](?:[^\\n|;&]{0,100}?[ \\t])??(?:-p|--password=)${word}`,
      'g',
    ),
  ],
  [
    ['curl '],
    new RegExp(
      `\\bcurl[ \\t](?:[^\\n|;&]{0,100}?[ \\t])??(?:-u|--user)[ \\t=]{0,4}["']?[^\\s:"'$<>{}]{1,64}:${word}`,
      'g',
    ),
  ],
]

/** Forms that need what stands around them, or are less sure than the others. */
const surrounded: readonly SecretRule[] = [
  {
    id: 'google-api-key',
    title: 'Google API key',
    keywords: ['AIza'],
    pattern: new RegExp(`${from}(?<secret>AIza[0-9A-Za-z_-]{35})${to}`, 'g'),
    entropyMin: 3.5,
    where: 'everywhere',
    // Many of them are meant to be public: a browser's, a map's.
    confidence: 0.6,
  },
  {
    id: 'aws-secret-key',
    title: 'AWS secret access key',
    keywords: ['secret_access_key', 'secretaccesskey', 'secret_key'],
    pattern:
      /(?:aws_?)?secret_?(?:access_?)?key["']?[ \t]{0,8}[:=][ \t]{0,8}["']?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
    entropyMin: 4,
    where: 'everywhere',
    confidence: 0.9,
  },
  {
    id: 'azure-storage-key',
    title: 'Azure storage key',
    keywords: ['AccountKey='],
    pattern: /AccountKey=(?<secret>[A-Za-z0-9+/]{86}==)/g,
    entropyMin: 4,
    where: 'everywhere',
    confidence: 0.95,
  },
  {
    id: 'slack-webhook',
    title: 'Slack webhook',
    keywords: ['hooks.slack.com'],
    pattern: /https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9+/]{40,80})/g,
    entropyMin: 3.5,
    where: 'everywhere',
    confidence: 0.95,
  },
  {
    id: 'discord-webhook',
    title: 'Discord webhook',
    keywords: ['/api/webhooks/'],
    pattern: /https:\/\/discord(?:app)?\.com\/api\/webhooks\/[0-9]{17,20}\/(?<secret>[A-Za-z0-9_-]{60,72})/g,
    entropyMin: 3.5,
    where: 'everywhere',
    confidence: 0.95,
  },
  {
    id: 'password-in-url',
    title: 'Password in a URL',
    keywords: ['://'],
    pattern:
      /\b[a-z][a-z0-9+.-]{1,20}:\/\/[A-Za-z0-9._~%-]{1,64}:(?<secret>[^\s:@/"'`<>{}()[\]$%*|\\]{6,128})@[A-Za-z0-9][A-Za-z0-9.-]{0,128}/g,
    entropyMin: 2.5,
    where: 'settings',
    confidence: 0.7,
  },
  {
    id: 'netrc-password',
    title: 'Password for a machine (netrc)',
    keywords: ['machine '],
    pattern:
      /^machine[ \t]{1,8}\S{1,128}\s{1,8}login[ \t]{1,8}\S{1,128}\s{1,8}password[ \t]{1,8}(?<secret>\S{6,128})/gm,
    entropyMin: 2.5,
    where: 'settings',
    confidence: 0.9,
  },
  {
    id: 'wireguard-key',
    title: 'WireGuard private key',
    keywords: ['PrivateKey'],
    pattern: /^[ \t]{0,8}PrivateKey[ \t]{0,8}=[ \t]{0,8}(?<secret>[A-Za-z0-9+/]{43}=)[ \t]*$/gm,
    entropyMin: 3.5,
    where: 'settings',
    confidence: 0.95,
  },
  {
    ...setting,
    // A value of any characters but spaces, where quotes show where it begins and ends; source code needs them, too.
    pattern: new RegExp(
      `^[ \\t]{0,32}(?:(?:export|const|let|var)[ \\t])?["']?\\$?${settingName}["']?(?:\\])?[ \\t]{0,8}(?:=>|[:=])[ \\t]{0,8}(?<quote>["'])(?<secret>[^\\s"'\\\\]{8,128})\\k<quote>[ \\t]*[,;]?[ \\t]*(?:(?:#|//).{0,80})?\\r?$`,
      'gim',
    ),
    where: 'text',
  },
  {
    ...setting,
    pattern: new RegExp(
      `^[ \\t]{0,32}(?:export[ \\t])?${settingName}[ \\t]{0,8}[:=][ \\t]{0,8}(?<secret>[^\\s"'\`#;,<>(){}[\\]$%*\\\\]{8,128}),?[ \\t]*\\r?$`,
      'gim',
    ),
    where: 'settings',
  },
  {
    ...setting,
    pattern: new RegExp(
      `\\bdefine[ \\t]?\\([ \\t]?(?<outer>["'])${settingName}\\k<outer>[ \\t]?,[ \\t]?(?<quote>["'])(?<secret>[^\\s"'\\\\]{8,128})\\k<quote>`,
      'gi',
    ),
    where: 'text',
  },
  ...commands.map(([keywords, pattern]): SecretRule => {
    const title = 'Password on a command line'
    return { id: 'password-in-command', title, keywords, pattern, entropyMin: 2.5, where: 'settings', confidence: 0.6 }
  }),
  {
    id: 'authorization-header',
    title: 'Authorization in a header',
    keywords: ['authorization'],
    pattern:
      /\bauthorization["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?:bearer|basic|token)[ \t]{1,4}(?<secret>[A-Za-z0-9._~+/-]{16,1024}={0,2})(?![A-Za-z0-9._~+/=-])/gi,
    entropyMin: 3.2,
    where: 'settings',
    confidence: 0.6,
  },
  {
    id: 'jwt',
    title: 'JSON web token',
    keywords: ['eyJ'],
    pattern: new RegExp(
      `${from}(?<secret>eyJ[A-Za-z0-9_-]{12,512}\\.eyJ[A-Za-z0-9_-]{12,1024}\\.[A-Za-z0-9_-]{22,700})${to}`,
      'g',
    ),
    entropyMin: 4,
    where: 'settings',
    confidence: 0.6,
  },
]

/** Of tokens that their own prefix tells, as sources of regular expressions; for those who hide them. */
export const tokenForms: readonly string[] = [...tokens.map(([, , , form]) => form), 'AIza[0-9A-Za-z_-]{35}']

export const secretRules: readonly SecretRule[] = [
  ...tokens.map(([id, title, keywords, form, entropyMin = 2.5]): SecretRule => {
    const pattern = new RegExp(`${from}(?<secret>${form})${to}`, 'g')
    return { id, title, keywords, pattern, entropyMin, where: 'everywhere', confidence: 0.95 }
  }),
  ...surrounded,
]
