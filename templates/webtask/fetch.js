/** Greets whoever the query names: `?name=Ada`. */
export default {
  /** @param {Request} request */
  async fetch(request) {
    if (request.method !== 'GET') return new Response(null, { status: 405, headers: { Allow: 'GET' } });
    const { searchParams } = new URL(request.url);
    return Response.json({ message: `Hello, ${searchParams.get('name')}!` });
  },
};
