const { Miniflare } = require('../peers/node_modules/miniflare');

new Miniflare({
  host: '127.0.0.1',
  port: Number(process.env.PORT),
  modules: true,
  script: `export default { fetch: () => Response.json({ hello: 'world' }) };`,
  cf: false, // asks nobody for the details of a request
});
