/** Checks for tests of damaged input. For tests alone. */
import { BrickDamage, type DamageRule } from '../damage.ts'

/** The damage that `action` throws; any other outcome is thrown on. */
export function damageOf(action: () => unknown): BrickDamage {
  try {
    action()
  } catch (error) {
    if (error instanceof BrickDamage) return error
    throw error
  }
  throw new Error('it was accepted, damage was expected')
}

export function ruleOf(action: () => unknown): DamageRule {
  return damageOf(action).rule
}

/** The value, or undefined where `action` threw BrickDamage; anything else is thrown on. */
export function orDamage<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof BrickDamage) return undefined
    throw error
  }
}
