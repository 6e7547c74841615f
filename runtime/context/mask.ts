import { inspect } from 'node:util';

const MASK = '***';

/** Shorter values are left alone: masking `1` or `eu` would make a log unreadable and protect nothing. */
const SHORTEST = 4;

type Mask = (text: string) => string;

const masks = new WeakMap<object, Mask>();

/**
 * Makes a function that hides secret values in text that is about to be printed.
 *
 * A value is also found in the forms it takes inside URLs, forms, JSON, Base64 and
 * objects that are printed, and where it overlaps with another.
 *
 * It is made once for each object of secrets, which must not change: every answer that is an error asks for it.
 *
 * @param secrets - names to values
 * @example
 * maskSecrets({ API_KEY: 'sk-12345' })('GET /?key=sk-12345'); // 'GET /?key=***'
 */
export function maskSecrets(secrets: Readonly<Record<string, string>>): Mask {
  let mask = masks.get(secrets);
  if (!mask) {
    mask = createMask(secrets);
    masks.set(secrets, mask);
  }
  return mask;
}

function createMask(secrets: Readonly<Record<string, string>>): Mask {
  const spellings = new Set(Object.values(secrets).flatMap(spellingsOf));
  return (text) => {
    const places: [start: number, end: number][] = [];
    for (const spelling of spellings) {
      for (let at = text.indexOf(spelling); at !== -1; at = text.indexOf(spelling, at + 1)) {
        places.push([at, at + spelling.length]);
      }
    }
    return hide(text, places);
  };
}

function hide(text: string, places: [start: number, end: number][]): string {
  let masked = '';
  let shown = 0; // up to here
  for (const [start, end] of places.sort(([a], [b]) => a - b)) {
    if (start >= shown) masked += text.slice(shown, start) + MASK;
    shown = Math.max(shown, end);
  }
  return masked + text.slice(shown);
}

function spellingsOf(value: string): string[] {
  if (value.length < SHORTEST) return [];
  // A secret of several lines is printed line by line.
  const lines = value.split('\n').map((line) => line.trim());
  return [
    value,
    encodeURIComponent(Buffer.from(value).toString()), // which throws at half a character
    new URLSearchParams([['', value]]).toString().slice(1),
    JSON.stringify(value).slice(1, -1),
    inspect(value, { breakLength: Number.POSITIVE_INFINITY, maxStringLength: null }).slice(1, -1),
    ...lines.filter((line) => line.length >= 2 * SHORTEST),
    ...[0, 1, 2].flatMap((offset) => base64Of(value, offset)),
  ];
}

/**
 * What Base64 makes of a value that begins at an offset, modulo 3, as in `user:password`: the characters that are of
 * the value alone, and those where nothing follows it.
 */
function base64Of(value: string, offset: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  const last = bytes
    .toString('base64')
    .replace(/=+$/, '')
    .slice(Math.ceil((offset * 8) / 6));
  const own = bytes.length % 3 === 0 ? last : last.slice(0, -1);
  // Few characters would be found by chance.
  return own.length < 2 * SHORTEST
    ? []
    : [own, last].flatMap((it) => [it, it.replaceAll('+', '-').replaceAll('/', '_')]);
}
