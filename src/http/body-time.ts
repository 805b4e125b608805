import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is a file, which may take long to arrive: the route itself sees to it that it does arrive. */
    mayTakeLong?: boolean;
  }
}

/** Ends a request whose body is not there after so long, as Node.js would, unless its route allows for it. */
export function limitBodyTime(server: FastifyInstance, milliseconds: number): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const { raw, routeOptions } = request;
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = raw.headers;
    if ((length !== '0' || encoding !== undefined) && !routeOptions.config.mayTakeLong) {
      const timer = setTimeout(() => {
        raw.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
      }, milliseconds).unref();
      const clear = () => clearTimeout(timer);
      raw.once('end', clear).once('close', clear);
    }
    done();
  });
}
