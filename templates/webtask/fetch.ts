/** Greets whoever the query names: `?name=Ada`. */
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method !== 'GET') return new Response(null, { status: 405, headers: { Allow: 'GET' } });
    const { searchParams } = new URL(request.url);
    return Response.json({ message: `Hello, ${searchParams.get('name')}!` });
  },
};
