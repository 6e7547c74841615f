import { expect } from 'chai';
import { parseRepository, rawUrl } from '../../../runtime/build/raw-url.ts';

const TASKS = { server: 'https://github.com', name: 'acme/tasks' };
const COMMIT = '4f1c2d9e8b7a6f5e4d3c2b1a09f8e7d6c5b4a392';

describe('the URL of a remote', () => {
  for (const remote of [
    'git@github.com:acme/tasks.git',
    'git@github.com:acme/tasks',
    'github.com:acme/tasks.git',
    'git@github.com:/acme/tasks.git',
    'ssh://git@github.com/acme/tasks.git',
    'ssh://git@github.com:22/acme/tasks.git',
    'ssh://git@ssh.github.com:443/acme/tasks.git',
    'git://github.com/acme/tasks.git',
    'https://github.com/acme/tasks.git',
    'https://github.com/acme/tasks',
    'https://github.com/acme/tasks/',
    'https://GitHub.com/acme/tasks',
    'https://jane@github.com/acme/tasks.git',
    'https://jane:secret@github.com/acme/tasks.git',
  ]) {
    it(`${remote} names acme/tasks on github.com`, () => {
      expect(parseRepository(remote)).to.deep.equal(TASKS);
    });
  }

  it('keeps the host of an enterprise server, and its port where it speaks https', () => {
    expect(parseRepository('git@git.acme.example:web/tasks.git')).to.deep.equal({
      server: 'https://git.acme.example',
      name: 'web/tasks',
    });
    expect(parseRepository('ssh://git@git.acme.example:2222/web/tasks.git')).to.deep.equal({
      server: 'https://git.acme.example',
      name: 'web/tasks',
    });
    expect(parseRepository('https://git.acme.example:8443/web/tasks.git')).to.deep.equal({
      server: 'https://git.acme.example:8443',
      name: 'web/tasks',
    });
  });

  for (const remote of [
    '/srv/git/tasks.git',
    '../tasks.git',
    'file:///srv/git/acme/tasks.git',
    'C:/git/acme/tasks',
    'C:\\git\\acme\\tasks',
    'https://github.com/acme',
    'https://gitlab.example/group/sub/tasks.git',
    'git@github.com:acme',
    '',
  ]) {
    it(`${remote || '(nothing)'} names no repository on a GitHub server`, () => {
      expect(parseRepository(remote)).to.equal(undefined);
    });
  }
});

describe('the raw URL of a file', () => {
  it('is at raw.githubusercontent.com for github.com', () => {
    expect(rawUrl(TASKS, COMMIT, 'webtasks/pay.js')).to.equal(
      `https://raw.githubusercontent.com/acme/tasks/${COMMIT}/webtasks/pay.js`,
    );
  });

  it('is at /raw/ of an enterprise server', () => {
    expect(rawUrl({ server: 'https://git.acme.example', name: 'web/tasks' }, COMMIT, 'pay.js')).to.equal(
      `https://git.acme.example/raw/web/tasks/${COMMIT}/pay.js`,
    );
  });

  it('keeps the slashes of paths and branches, and encodes the rest', () => {
    expect(rawUrl(TASKS, 'feature/a#1', 'web tasks/über?.js')).to.equal(
      'https://raw.githubusercontent.com/acme/tasks/feature/a%231/web%20tasks/%C3%BCber%3F.js',
    );
  });
});
