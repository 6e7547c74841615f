import { expect } from 'chai';
import { webtask } from 'webtask-kit/harness';

describe('{{name}}', () => {
  it('greets the world', async () => {
    const task = await webtask('{{file}}');
    const response = await task.get('/');
    expect(response).to.have.status(200);
    expect(response).to.have.json({ message: 'Hello, world!' });
  });
});
