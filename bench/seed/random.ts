/** Deterministic pseudorandom numbers: the same seed gives the same sequence. Not for secrets. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from `min` to `max`, both inclusive. */
  integer(min: number, max: number): number;
  pick<T>(values: readonly T[]): T;
  /** Picks in proportion to `weight`. */
  pickWeighted<T extends { weight: number }>(values: readonly T[]): T;
  /** Standard normal distribution. */
  normal(): number;
  /** `digits` lower-case hexadecimal digits. */
  hex(digits: number): string;
}

/** sfc32, which passes PractRand: 128 bits of state, seeded by one number. */
export function createRandom(seed: number): Random {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, seed >>> 0, 1];
  function nextUint32(): number {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  }
  for (let round = 0; round < 16; round += 1) nextUint32();

  function next(): number {
    return nextUint32() / 2 ** 32;
  }
  function integer(min: number, max: number): number {
    return min + Math.floor(next() * (max - min + 1));
  }
  return {
    next,
    integer,
    pick: (values) => values[integer(0, values.length - 1)]!,
    pickWeighted(values) {
      let rest = next() * values.reduce((sum, { weight }) => sum + weight, 0);
      return values.find(({ weight }) => (rest -= weight) < 0) ?? values.at(-1)!;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    hex(digits) {
      let text = '';
      while (text.length < digits) text += nextUint32().toString(16).padStart(8, '0');
      return text.slice(0, digits);
    },
  };
}
