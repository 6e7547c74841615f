import type { Measured } from '../bench.ts';

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 170;
const ROW = 26;
const TOP = 44;
/** Largest to smallest beyond which bars are as long as the logarithm says. */
const LINEAR_UP_TO = 100;

/**
 * Draws medians as bars, with a line from the least to the most.
 *
 * @param bars - of one unit
 * @returns SVG
 */
export function plot(title: string, bars: readonly (readonly [name: string, it: Measured])[]): string {
  const values = bars.map(([, { median }]) => median);
  const isLinear = Math.max(...values) / Math.min(...values) <= LINEAR_UP_TO;
  const least = isLinear ? 0 : Math.log10(Math.min(...bars.map(([, { min }]) => min)) / 2);
  const most = isLinear
    ? Math.max(...bars.map(([, { max }]) => max))
    : Math.log10(Math.max(...bars.map(([, { max }]) => max)));
  const x = (value: number): number => {
    const at = isLinear ? value : Math.log10(value);
    return Math.round(LEFT + ((WIDTH - LEFT - RIGHT) * (at - least)) / (most - least));
  };
  const rows = bars.map(([name, { median, min, max, unit }], i) => {
    const y = TOP + i * ROW;
    const middle = y + ROW / 2 - 2;
    const isOurs = /^(?:token-|named-|serve-|container-|webtask )/.test(name);
    return `<text x="${LEFT - 8}" y="${y + 16}" text-anchor="end">${escapeXml(name)}</text>
<rect x="${LEFT}" y="${y + 2}" width="${x(median) - LEFT}" height="${ROW - 8}" fill="${isOurs ? '#1565c0' : '#9aa5b1'}"/>
<path d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 4}v8M${x(max)} ${middle - 4}v8" stroke="#222" fill="none"/>
<text x="${x(max) + 8}" y="${y + 16}">${median} ${escapeXml(unit)}</text>`;
  });
  const height = TOP + bars.length * ROW + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="13">
<title>${escapeXml(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="16" y="26" font-size="16" font-weight="bold">${escapeXml(title)}${isLinear ? '' : ' (logarithmic)'}</text>
${rows.join('\n')}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (it) => `&#${it.charCodeAt(0)};`);
}
