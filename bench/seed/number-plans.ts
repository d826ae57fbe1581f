/** How the numbers of one country look. */
export interface NumberPlan {
  /** ISO 3166-1 alpha-2. */
  region: string;
  callingCode: string;
  /** National significant numbers; N stands for a digit from 2 to 9, X for any digit. */
  masks: readonly string[];
  /** What is dialed before a national number, and before a calling code. */
  nationalPrefix: string;
  internationalPrefix: string;
  /** Share of the calls abroad. */
  weight: number;
}

function plan(
  region: string,
  callingCode: string,
  weight: number,
  masks: string[],
  { nationalPrefix = '0', internationalPrefix = '00' } = {},
): NumberPlan {
  return { region, callingCode, weight, masks, nationalPrefix, internationalPrefix };
}
const NO_PREFIX = { nationalPrefix: '' };

export const NUMBER_PLANS: readonly NumberPlan[] = [
  plan('US', '1', 20, ['212NXXXXXX', '305NXXXXXX', '312NXXXXXX', '415NXXXXXX', '206NXXXXXX', '617NXXXXXX'], {
    nationalPrefix: '1',
    internationalPrefix: '011',
  }),
  plan('CA', '1', 6, ['416NXXXXXX', '514NXXXXXX', '604NXXXXXX'], {
    nationalPrefix: '1',
    internationalPrefix: '011',
  }),
  plan('GB', '44', 12, ['7400XXXXXX', '2079XXXXXX']),
  plan('DE', '49', 12, ['1512XXXXXXX', '30NXXXXXXX']),
  plan('FR', '33', 8, ['612XXXXXX', '142XXXXXX']),
  plan('IT', '39', 5, ['347XXXXXXX'], NO_PREFIX),
  plan('ES', '34', 5, ['612XXXXXX', '912XXXXXX'], NO_PREFIX),
  plan('NL', '31', 4, ['612XXXXXX', '20NXXXXXX']),
  plan('BE', '32', 3, ['470XXXXXX']),
  plan('CH', '41', 4, ['79NXXXXXX', '44NXXXXXX']),
  plan('AT', '43', 3, ['664XXXXXXX']),
  plan('SE', '46', 2, ['70NXXXXXX']),
  plan('NO', '47', 2, ['41XXXXXX'], NO_PREFIX),
  plan('DK', '45', 2, ['40NXXXXX'], NO_PREFIX),
  plan('FI', '358', 1, ['401XXXXXX']),
  plan('PL', '48', 3, ['501XXXXXX', '22NXXXXXX'], NO_PREFIX),
  plan('CZ', '420', 2, ['602XXXXXX'], NO_PREFIX),
  plan('PT', '351', 2, ['912XXXXXX'], NO_PREFIX),
  plan('IE', '353', 2, ['85NXXXXXX']),
  plan('GR', '30', 1, ['694XXXXXXX'], NO_PREFIX),
  plan('TR', '90', 2, ['532XXXXXXX']),
  plan('IL', '972', 2, ['52NXXXXXX']),
  plan('AE', '971', 2, ['50NXXXXXX']),
  plan('IN', '91', 6, ['98XXXXXXXX']),
  plan('JP', '81', 3, ['90NXXXXXXX']),
  plan('KR', '82', 2, ['10NXXXXXXX']),
  plan('AU', '61', 4, ['412XXXXXX', '29NXXXXXX'], { internationalPrefix: '0011' }),
  plan('BR', '55', 3, ['1198XXXXXXX']),
  plan('MX', '52', 3, ['55NXXXXXXX'], NO_PREFIX),
  plan('ZA', '27', 2, ['82NXXXXXX']),
  plan('SG', '65', 2, ['91XXXXXX'], { nationalPrefix: '', internationalPrefix: '000' }),
];

/** Spreads neighboring indexes over the number range; coprime to 8 and 10, so that indexes do not collide. */
const SPREAD = 7_919;

/**
 * The national significant number with this index: different indexes give different numbers, until they run
 * out.
 */
export function nationalNumber({ masks }: NumberPlan, index: number): string {
  const mask = masks[index % masks.length]!;
  let rest = Math.floor(index / masks.length) * SPREAD;
  const digits = [...mask].reverse().map((symbol) => {
    if (symbol !== 'N' && symbol !== 'X') return symbol;
    const [first, count] = symbol === 'N' ? [2, 8] : [0, 10];
    const digit = first + (rest % count);
    rest = Math.floor(rest / count);
    return String(digit);
  });
  return digits.reverse().join('');
}
