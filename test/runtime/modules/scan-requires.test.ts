import { expect } from 'chai';
import { scanRequires } from '../../../runtime/modules/scan-requires.ts';

describe('the modules that large code seems to name', () => {
  it('are those of require, import and export from, each once', () => {
    const code = `const a = require('a@1.0.0'), b = require( "b" ); require('a@1.0.0'); require(\`@s/c@1.2.3/sub\`);
      import d from 'd'; import 'e'; export * from "f"; await import('g'); require(x); require('h' + 1);`;
    expect(scanRequires(code)).to.deep.equal(['a@1.0.0', 'b', '@s/c@1.2.3/sub', 'd', 'e', 'f', 'g']);
  });

  it('are those with a version only in a bundle that has its own require for the others', () => {
    const code = "({1:[function(require,module,exports){ require('lodash'); require('auth0@2.1.0'); }]})";
    expect(scanRequires(code)).to.deep.equal(['auth0@2.1.0']);
  });
});
