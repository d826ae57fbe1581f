/** Milliseconds: what is due within one of these is taken together. */
export const SLOT_MS = 10;

export interface Schedule {
  /** Once more where it is there already: the later word counts. `dueAt`: milliseconds on any one clock. */
  set(key: string, dueAt: number): void;
  dueAt(key: string): number | undefined;
  delete(key: string): void;
  /** Takes out all that is due at `now`, the earliest first. */
  takeDue(now: number): { key: string; dueAt: number }[];
}

/** What is due when: thousands of keys that come up again and again, at the cost of a Map's entry each. */
export function createSchedule(start: number): Schedule {
  const dues = new Map<string, number>();
  const slots = new Map<number, Set<string>>();
  const slotOf = (at: number): number => Math.ceil(at / SLOT_MS);
  let taken = slotOf(start) - 1;

  function remove(key: string): void {
    const due = dues.get(key);
    if (due === undefined) return;
    dues.delete(key);
    const slot = slotOf(due);
    slots.get(slot)?.delete(key);
    if (!slots.get(slot)?.size) slots.delete(slot);
  }

  return {
    set(key, dueAt) {
      remove(key);
      // What was due already is due in the next slot that is taken.
      const due = Math.max(dueAt, (taken + 1) * SLOT_MS);
      dues.set(key, due);
      const slot = slotOf(due);
      const keys = slots.get(slot);
      if (keys) keys.add(key);
      else slots.set(slot, new Set([key]));
    },
    dueAt: (key) => dues.get(key),
    delete: remove,
    takeDue(now) {
      const due: { key: string; dueAt: number }[] = [];
      for (const last = Math.floor(now / SLOT_MS); taken < last;) {
        taken += 1;
        for (const key of slots.get(taken) ?? []) {
          due.push({ key, dueAt: dues.get(key)! });
          dues.delete(key);
        }
        slots.delete(taken);
      }
      return due;
    },
  };
}
