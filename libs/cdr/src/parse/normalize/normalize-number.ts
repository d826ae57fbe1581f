import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
  type PhoneNumber,
} from 'libphonenumber-js/max';
import { percentDecode } from '../percent-decode.ts';

/** Longest internal extension or short code: bare digits up to here are never a subscriber's number. */
const MAX_EXTENSION_DIGITS = 5;

/** Parsing takes some ten microseconds, and a switch meets the same numbers again and again. */
const MAX_CACHED = 20_000;

const cache = new Map<string, string>();

const DIALLABLE = /^[+\d*#()./\s\u00A0-]+$/;

/** `"Alice" <sip:+1415…@host;user=phone>`, `sip:alice@host`, `tel:+1-415…;phone-context=…` and `1001@host` (RFC 3261, 3966). */
function userPart(text: string): string {
  const uri = /^[^<]*<\s*([^<>]+)>/.exec(text)?.[1] ?? text;
  const user = /^\s*(?:sips?|tel):([^@;?]+)/i.exec(uri)?.[1];
  if (user !== undefined) return percentDecode(user.split(':')[0] ?? user).trim() || text;
  const account = /^([^@]+)@[^@]+$/.exec(uri)?.[1];
  return account !== undefined && DIALLABLE.test(account) ? account : text;
}

function isDialledInside(digits: string): boolean {
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
  if (!DIALLABLE.test(user) || isDialledInside(user)) return user;
  const number = parse(user, region);
  return number?.isValid() && !number.ext ? number.number : user;
}

/**
 * A number in E.164, by the region (ISO 3166-1 alpha-2) its caller dials in; without one only `+` numbers are read.
 * Extensions, feature codes, `anonymous` and what is no number stay as they came, but for the URI around them.
 * The `max` metadata, because the smaller set takes any digits of a likely length for a number: with it the extension
 * 200123 in Germany would become +49200123.
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
