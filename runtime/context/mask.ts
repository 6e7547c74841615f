const MASK = '***';

/** Shorter values are left alone: masking `1` or `eu` would make a log unreadable and protect nothing. */
const SHORTEST = 4;

/**
 * Makes a function that hides secret values in text that is about to be printed.
 *
 * A value is also found in the forms it takes inside URLs, forms and JSON, and where it overlaps with another.
 *
 * @param secrets - names to values
 * @example
 * maskSecrets({ API_KEY: 'sk-12345' })('GET /?key=sk-12345'); // 'GET /?key=***'
 */
export function maskSecrets(secrets: Readonly<Record<string, string>>): (text: string) => string {
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
    ...lines.filter((line) => line.length >= 2 * SHORTEST),
  ];
}
