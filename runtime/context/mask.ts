const MASK = '***';

/** Shorter values are left alone: masking `1` or `eu` would make a log unreadable and protect nothing. */
const SHORTEST = 4;

/**
 * Makes a function that hides secret values in text that is about to be printed.
 *
 * A value is also found in the forms it takes inside URLs and JSON.
 *
 * @param secrets - names to values
 * @example
 * maskSecrets({ API_KEY: 'sk-12345' })('GET /?key=sk-12345'); // 'GET /?key=***'
 */
export function maskSecrets(secrets: Readonly<Record<string, string>>): (text: string) => string {
  const spellings = new Set<string>();
  for (const value of Object.values(secrets)) {
    if (value.length < SHORTEST) continue;
    spellings.add(value).add(encodeURIComponent(value)).add(JSON.stringify(value).slice(1, -1));
    // A secret of several lines is printed line by line.
    for (const line of value.split('\n')) if (line.trim().length >= 2 * SHORTEST) spellings.add(line.trim());
  }
  if (spellings.size === 0) return (text) => text;
  // The longest first: one secret may contain another.
  const longestFirst = [...spellings].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'g');
  return (text) => text.replace(pattern, MASK);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
