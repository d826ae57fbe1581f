/** Keys that are due within one slot are taken together. */
export const SLOT_MS = 10;

export interface Schedule {
  /** Adds or moves a key. `dueAt`: milliseconds of the clock that takeDue() uses. */
  set(key: string, dueAt: number): void;
  dueAt(key: string): number | undefined;
  delete(key: string): void;
  /** Removes and returns all keys due at `now`, earliest first. */
  takeDue(now: number): { key: string; dueAt: number }[];
}

/** A timer wheel for thousands of recurring keys: O(1) for each change, without a timer of its own. */
export function createSchedule(start: number): Schedule {
  const dueTimes = new Map<string, number>();
  const slots = new Map<number, Set<string>>();
  let lastSlot = slotOf(start) - 1;

  function remove(key: string): void {
    const dueAt = dueTimes.get(key);
    if (dueAt === undefined) return;
    dueTimes.delete(key);
    const slot = slotOf(dueAt);
    slots.get(slot)?.delete(key);
    if (!slots.get(slot)?.size) slots.delete(slot);
  }

  function set(key: string, wantedAt: number): void {
    remove(key);
    // The slots up to lastSlot are never read again.
    const dueAt = Math.max(wantedAt, (lastSlot + 1) * SLOT_MS);
    dueTimes.set(key, dueAt);
    const slot = slotOf(dueAt);
    const keys = slots.get(slot);
    if (keys) keys.add(key);
    else slots.set(slot, new Set([key]));
  }

  function takeDue(now: number): { key: string; dueAt: number }[] {
    const due: { key: string; dueAt: number }[] = [];
    const endSlot = Math.floor(now / SLOT_MS);
    while (lastSlot < endSlot) {
      lastSlot += 1;
      for (const key of slots.get(lastSlot) ?? []) {
        due.push({ key, dueAt: dueTimes.get(key)! });
        dueTimes.delete(key);
      }
      slots.delete(lastSlot);
    }
    return due;
  }

  return { set, delete: remove, takeDue, dueAt: (key) => dueTimes.get(key) };
}

const slotOf = (at: number): number => Math.ceil(at / SLOT_MS);
