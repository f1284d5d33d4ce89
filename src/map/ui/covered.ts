/** How far open panels lie over the edges of the view: what is flown to stands beside them. */
import type { Viewport } from '../view/camera.ts'
import { type Insets, noInsets } from '../view/insets.ts'

/** The inspector with its distance from the edge, as style.css has it. */
const inspectorPx = 308
/** In narrower views panels lie above or below each other, and over the map. */
const besideWidthMin = 721
/** A panel that leaves less of the view than this lies over the map. */
const freeShareMin = 0.3

/** Looks at the page; `hasInspector`: it is pinned, or will be with the next frame. */
export function coveredBy({ viewport, hasInspector }: { viewport: Viewport; hasInspector: boolean }): Insets {
  if (viewport.width < besideWidthMin) return noInsets
  let [left, right] = [0, hasInspector ? inspectorPx : 0]
  for (const panel of document.querySelectorAll<HTMLElement>('.side:not([hidden])')) {
    const box = panel.getBoundingClientRect()
    if (box.left + box.width / 2 < viewport.width / 2) left = Math.max(left, box.right)
    else right = Math.max(right, viewport.width - box.left)
  }
  const strip = document.querySelector('.time:not([hidden])')?.getBoundingClientRect().height ?? 0
  if (viewport.width - left - right < freeShareMin * viewport.width) return { ...noInsets, bottom: strip }
  return { left, right, top: 0, bottom: strip }
}
