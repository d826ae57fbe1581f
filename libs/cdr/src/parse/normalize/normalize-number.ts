import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
  type PhoneNumber,
} from 'libphonenumber-js/max';
import { percentDecode } from '../percent-decode.ts';

/** Plain digits up to this length are an extension or short code, never a subscriber number. */
const MAX_EXTENSION_DIGITS = 5;

/** Numbers kept in the cache: parsing one takes about 10 µs, and numbers recur. */
const MAX_CACHED = 20_000;

const cache = new Map<string, string>();

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

function parse(text: string, region: string | null): PhoneNumber | undefined {
  return parsePhoneNumberFromString(text, { defaultCountry: countryOf(region), extract: false });
}

function toE164(text: string, region: string | null): string {
  const user = userPart(text);
  if (!DIALABLE.test(user) || isInternal(user)) return user;
  const number = parse(user, region);
  return number?.isValid() && !number.ext ? number.number : user;
}

/**
 * Converts a number to E.164 by the region (ISO 3166-1 alpha-2) in which it was dialed; without a region only
 * numbers with `+` are converted. Extensions, feature codes, `anonymous` and other text are kept, without
 * their URI. Uses the `max` metadata of libphonenumber: with the smaller set the extension 200123 in Germany
 * would become +49200123.
 */
export function normalizeNumber(text: string, region: string | null): string {
  const key = `${region ?? ''} ${text}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const normal = toE164(text, region);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, normal);
  return normal;
}
