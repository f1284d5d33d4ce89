/** The keyboard: one place where every key has its meaning. Keys typed into a field are none of ours. */
import { type Mode, modes } from '../view/permalink.ts'

const panShare = 0.18
const panShareFar = 0.6
const zoomFactor = 1.6

export interface KeyHandlers {
  /** In shares of the view's size. */
  pan(shareX: number, shareY: number): void
  zoom(factor: number): void
  mode(mode: Mode): void
  search(): void
  help(): void
  home(): void
  /** Let go of the pin, or one level up. */
  escape(): void
  /** Pins what is in the middle of the view. */
  pinMiddle(): void
  /** One commit back or on. */
  stepTime(direction: -1 | 1): void
  /** To the next finding or hit, or the one before. */
  finding(direction: -1 | 1): void
  /** The list of findings. */
  findings(): void
  /** Back to now. */
  now(): void
  /** Holds the picture where it is, or lets it go on. */
  hold(): void
  timeStrip(): void
  /** Outlines what is different now. */
  compare(): void
}

export function listenToKeys(handlers: KeyHandlers): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target instanceof HTMLElement && event.target.closest('input, select, dialog')) return
    const onButton = event.target instanceof HTMLButtonElement
    if (onButton && (event.key === 'Enter' || event.key === ' ')) return
    if (actionOf(event, handlers)) event.preventDefault()
  })
}

function actionOf(event: KeyboardEvent, handlers: KeyHandlers): boolean {
  const share = event.shiftKey ? panShareFar : panShare
  const mode = modes[Number(event.key) - 1]
  if (mode !== undefined) handlers.mode(mode)
  else if (event.key === 'ArrowLeft') handlers.pan(-share, 0)
  else if (event.key === 'ArrowRight') handlers.pan(share, 0)
  else if (event.key === 'ArrowUp') handlers.pan(0, -share)
  else if (event.key === 'ArrowDown') handlers.pan(0, share)
  else if (event.key === '+' || event.key === '=') handlers.zoom(zoomFactor)
  else if (event.key === '-' || event.key === '_') handlers.zoom(1 / zoomFactor)
  else if (event.key === '/') handlers.search()
  else if (event.key === '?') handlers.help()
  else if (event.key === 'Home') handlers.home()
  else if (event.key === 'Escape') handlers.escape()
  else if (event.key === 'Enter') handlers.pinMiddle()
  else if (event.key === '[') handlers.stepTime(-1)
  else if (event.key === ']') handlers.stepTime(1)
  else if (event.key === 'f') handlers.findings()
  else if (event.key === 'n') handlers.finding(1)
  else if (event.key === 'N') handlers.finding(-1)
  else if (event.key === 'End') handlers.now()
  else if (event.key === ' ') handlers.hold()
  else if (event.key === 't') handlers.timeStrip()
  else if (event.key === 'd') handlers.compare()
  else return false
  return true
}
