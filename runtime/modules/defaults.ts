/**
 * The versions that the original platform had of the packages that webtasks most often require without saying which:
 * code of that time was written against them. Of Express the version is not known; this is the last of that major.
 *
 * @see protocol reference 2.5
 */
export const DEFAULT_VERSIONS: ReadonlyMap<string, string> = new Map([
  ['async', '2.2.0'],
  ['dotenv', '0.4.0'],
  ['ejs', '2.4.1'],
  ['express', '4.22.3'],
  ['joi', '6.10.0'],
  ['jws', '3.1.0'],
  ['lodash', '3.10.1'],
  ['lru-cache', '2.5.0'],
  ['mkdirp', '0.5.1'],
  ['raw-body', '2.2.0'],
  ['request', '2.74.0'],
  ['uuid', '2.0.1'],
  ['webtask-tools', '3.2.1'],
]);
