import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import semver from 'semver';

interface LockedPackage {
  readonly dev?: boolean;
  readonly deprecated?: string;
  readonly engines?: { readonly node?: string };
}

/** The first of each major version that the README names. */
const NODES = ['20.19.0', '22.12.0', '24.0.0'];

describe('the packages that come with the kit', () => {
  const read = (file: string) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
  const locked = Object.entries<LockedPackage>(read('package-lock.json').packages).filter(([, { dev }]) => !dev);

  for (const node of NODES) {
    it(`are for Node ${node}, so that npm has nothing to say of it`, () => {
      const refusing = locked.filter(([, { engines }]) => !semver.satisfies(node, engines?.node ?? '*'));
      expect(refusing.map(([path]) => path)).to.deep.equal([]);
    });
  }

  it('are none that their authors gave up, of which npm would tell', () => {
    expect(locked.filter(([, { deprecated }]) => deprecated !== undefined).map(([path]) => path)).to.deep.equal([]);
  });
});
