/** The calm pages: what is missing, why, and what to do. */
import { element } from './dom.ts'

export type NoticeKind = 'no-session' | 'no-webgl' | 'no-server' | 'no-bricks'

const texts: Readonly<Record<NoticeKind, { title: string; lines: readonly string[]; code?: string }>> = {
  'no-session': {
    title: 'This page needs its link',
    lines: [
      'The map is open only to those who hold the daemon’s token. On the machine itself, this prints the link with it:',
    ],
    code: 'sfd status',
  },
  'no-webgl': {
    title: 'This browser offers no WebGL 2',
    lines: [
      'The map is drawn by the graphics processor. Please allow hardware acceleration, or use a current browser.',
    ],
  },
  'no-server': {
    title: 'The daemon does not answer',
    lines: ['It may be starting or stopped; this page tries again by itself. On the machine itself, this tells:'],
    code: 'sfd status',
  },
  'no-bricks': {
    title: 'No bricks yet',
    lines: ['The daemon keeps nothing so far. This folds a folder and puts it on the map:'],
    code: 'sfd up /usr/bin',
  },
}

/** Shows one notice in `host`; returns how to take it away. */
export function showNotice(host: HTMLElement, kind: NoticeKind): () => void {
  const { title, lines, code } = texts[kind]
  const body = element('div', {}, [
    element('h1', { text: title }),
    ...lines.map((text) => element('p', { text })),
    ...(code === undefined ? [] : [element('code', { text: code })]),
  ])
  const notice = element('section', { class: 'notice', attributes: { role: 'alert' } }, [body])
  host.append(notice)
  return () => notice.remove()
}
