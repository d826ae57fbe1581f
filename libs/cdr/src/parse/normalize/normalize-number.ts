import { LRUCache } from 'lru-cache';
import { isSupportedCountry, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';
import { percentDecode } from '../percent-decode.ts';

/** Plain digits up to this length are an extension or short code, never a subscriber number. */
const MAX_EXTENSION_DIGITS = 5;

/**
 * National numbers kept with their E.164 form. Parsing one takes 10 to 23 us; a number costs some 200 bytes.
 * Least recently used numbers go first, so that rare numbers do not displace frequent ones all at once.
 */
const MAX_CACHED_NUMBERS = 100_000;

const e164ByNational = new LRUCache<string, string>({ max: MAX_CACHED_NUMBERS });

const DIALABLE = /^[+\d*#()./\s\u00A0-]+$/;

/**
 * `"Alice" <sip:+1415…@host;user=phone>`, `sip:alice@host`, `tel:+1-415…;phone-context=…` and `1001@host`
 * (RFC 3261, 3966).
 */
function userPart(text: string): string {
  const uri = /^[^<]*<\s*([^<>]+)>/.exec(text)?.[1] ?? text;
  const user = /^\s*(?:sips?|tel):([^@;?]+)/i.exec(uri)?.[1];
  if (user !== undefined) return percentDecode(user.split(':')[0] ?? user).trim() || text;
  const account = /^([^@]+)@[^@]+$/.exec(uri)?.[1];
  return account !== undefined && DIALABLE.test(account) ? account : text;
}

function isInternal(digits: string): boolean {
  return (
    /[*#]/.test(digits) ||
    (!digits.startsWith('+') && digits.replace(/\D/g, '').length <= MAX_EXTENSION_DIGITS)
  );
}

function countryOf(region: string | null): CountryCode | undefined {
  const code = region?.toUpperCase() ?? '';
  return isSupportedCountry(code) ? code : undefined;
}

/**
 * A `+` number is global: only its separators are removed (RFC 3966, 5.1.1), and the `(0)` that some write
 * after the country code.
 */
function stripSeparators(user: string): string {
  return `+${user.replace('(0)', '').replaceAll(/\D/g, '')}`;
}

function parseNational(user: string, country: CountryCode): string {
  const key = `${country} ${user}`;
  const known = e164ByNational.get(key);
  if (known !== undefined) return known;
  const number = parsePhoneNumberFromString(user, { defaultCountry: country, extract: false });
  const e164 = number?.isValid() && !number.ext ? number.number : user;
  e164ByNational.set(key, e164);
  return e164;
}

/**
 * Converts a number to E.164 by the region (ISO 3166-1 alpha-2) in which it was dialed; without a region only
 * numbers with `+` are converted. Extensions, feature codes, `anonymous` and other text are kept, without
 * their URI. Uses the `max` metadata of libphonenumber: with the smaller set the extension 200123 in Germany
 * would become +49200123.
 */
export function normalizeNumber(text: string, region: string | null): string {
  const user = userPart(text);
  if (!DIALABLE.test(user) || isInternal(user)) return user;
  if (user.startsWith('+')) return user === '+' ? user : stripSeparators(user);
  const country = countryOf(region);
  return country ? parseNational(user, country) : user;
}
