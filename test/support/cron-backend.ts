/**
 * A webtask that keeps cron jobs by the routes of the original `cron_backend_mongodb`, in the memory of its process.
 *
 * What it knows of a job is what that one knew: neither time zone nor metadata is read from a PUT, and they come in by
 * the internal update alone. `POST /clock {now}` is for tests.
 *
 * @param given - whether `reserve` answers with jobs as they were, or as they are once they are handed out
 * @param secret - asked for as the bearer, where there is one
 * @see protocol reference 1.5
 */
export function cronBackend({ given = 'before', secret = '' } = {}): string {
  return `
const { Cron } = require('croner');
const state = globalThis.cronBackend = globalThis.cronBackend || { jobs: new Map(), now: undefined };
const now = () => new Date(state.now === undefined ? Date.now() : state.now);
const boom = (statusCode, error, message) => { throw { statusCode, error, message }; };
const notFound = () => boom(404, 'Not Found', 'No such job');
const date = (value) => value && value.$date ? new Date(value.$date) : new Date(value);
const canonical = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) =>
  [key, value && value.$date ? new Date(value.$date) : value]));
const next = (schedule, after) => {
  let cron;
  try { cron = new Cron(schedule, { timezone: 'UTC', paused: true }); } catch (error) { boom(400, 'Bad Request', 'Invalid cron schedule'); }
  return cron.nextRun(after) || boom(400, 'Bad Request', 'The schedule never fires');
};
const ensure = (object, names) => names.forEach((name) => name in object || boom(400, 'Bad Request', 'Missing body parameter \`' + name + '\`.'));
const shown = (job) => ({ ...job, results: job.results.slice(0, 1) });
const keyOf = (container, name) => container + '/' + name;
const page = (query) => [Number(query.get('offset') || 0), Math.min(Number(query.get('limit') || 10), 20)];

const routes = {
  'POST clock': ({ body }) => { state.now = body.now; return {}; },
  'POST reserve'({ body }) {
    ensure(body, ['count', 'expiry', 'now']);
    const found = [];
    for (const job of state.jobs.values()) {
      if (found.length >= Math.min(body.count, 100)) break;
      if (job.state !== 'active' || !(job.next_available_at <= date(body.now))) continue;
      const before = { ...job };
      job.next_available_at = date(body.expiry);
      found.push(shown(${JSON.stringify(given)} === 'before' ? before : job));
    }
    return found;
  },
  'GET :'({ container, query }) {
    const [offset, limit] = page(query);
    return [...state.jobs.values()].filter((job) => job.container === container).slice(offset, offset + limit).map(shown);
  },
  'GET ::': ({ job }) => shown(job || notFound()),
  'POST ::'({ job, body }) {
    const criteria = canonical(body.criteria);
    if (!job || Object.keys(criteria).some((key) => String(job[key]) !== String(criteria[key]))) notFound();
    return shown(Object.assign(job, canonical(body.updates)));
  },
  'PUT ::'({ container, name, job, body }) {
    ensure(body, ['token', 'schedule']);
    const { token, schedule } = body;
    const token_data = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    const changed = job || {
      cluster_url: 'localhost', container, name, state: 'active', created_at: now(), results: [], run_count: 0,
      error_count: 0, last_scheduled_at: null,
    };
    if (!job || job.schedule !== schedule) changed.next_available_at = next(schedule, now());
    Object.assign(changed, { token, schedule, token_data, expires_at: token_data.exp ? new Date(token_data.exp * 1000) : null });
    if (body.state) changed.state = body.state;
    state.jobs.set(keyOf(container, name), changed);
    return shown(changed);
  },
  'PUT ::state'({ job, body, query }) {
    const wanted = body.state || query.get('state') || 'active';
    if (!['active', 'inactive'].includes(wanted)) boom(400, 'Bad Request', 'Invalid state');
    return shown(Object.assign(job || notFound(), { state: wanted }));
  },
  'DELETE ::'({ container, name, job }) {
    if (!job) notFound();
    state.jobs.delete(keyOf(container, name));
  },
  'GET ::history'({ job, query }) {
    const [offset, limit] = page(query);
    return (job || notFound()).results.slice(offset, offset + limit);
  },
  'POST ::history'({ job, body }) {
    if (!job) notFound();
    ensure(body, ['scheduled_at', 'started_at', 'completed_at', 'type', 'body']);
    job.results = [body, ...job.results].slice(0, 100);
    if (body.type === 'success') job.run_count += 1;
    if (body.type === 'error') job.error_count += 1;
  },
};

module.exports = (context, req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    res.setHeader('Content-Type', 'application/json');
    try {
      const secret = ${JSON.stringify(secret)};
      if (secret && req.headers.authorization !== 'Bearer ' + secret) boom(401, 'Unauthorized', 'Unauthenticated');
      const url = new URL(req.url, 'http://localhost');
      const [first, second, third = ''] = url.pathname.split('/').slice(5).map(decodeURIComponent);
      const isOwn = second === undefined && ['reserve', 'clock'].includes(first);
      const route = routes[req.method + ' ' + (isOwn ? first : second === undefined ? ':' : '::' + third)];
      if (!route) boom(404, 'Not Found', 'Not Found');
      const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
      const job = state.jobs.get(keyOf(first, second));
      const answer = route({ container: first, name: second, job, body, query: url.searchParams });
      res.statusCode = answer === undefined ? 204 : 200;
      res.end(answer && JSON.stringify(answer));
    } catch (error) {
      res.statusCode = error.statusCode || 500;
      res.end(JSON.stringify({ statusCode: res.statusCode, error: error.error || 'Internal Server Error', message: error.message }));
    }
  });
};`;
}
