/** Failures of S3, SQS and SSM on demand, as their clients see them. */
import type { buildApp } from 'fauxqs';
import { type FaultLimits, FaultRules } from '../fault-rules.ts';
import { type Operation, operationOf } from './operation.ts';

/** What happens to a request. With `when: 'after'` it was done, and only the answer is lost or wrong. @default 'before' */
export type RequestEffect =
  /** An error answer, such as 503 SlowDown, 500 InternalError or 409 ConditionalRequestConflict. */
  | { readonly kind: 'fail'; readonly status: number; readonly code: string; readonly when?: 'before' | 'after' }
  /** The connection is reset. */
  | { readonly kind: 'drop'; readonly when?: 'before' | 'after' }
  /** No answer, until the client gives up. */
  | { readonly kind: 'hang'; readonly when?: 'before' | 'after' }
  /** Done and answered so much later; done also when the client is gone by then, as a request that was on its way. */
  | { readonly kind: 'delay'; readonly delayMs: number };

/** A rule for the requests of one operation. */
export interface RequestFault extends FaultLimits {
  /** AWS's name of it: PutObject, GetObject, ListObjectsV2, ReceiveMessage, GetParameter … */
  readonly operation: string;
  /** Only of these `<bucket>/<key>`, `<bucket>/<prefix>` of a listing, queue names or parameter names. @default all */
  readonly name?: RegExp;
  /** Only writes with `If-None-Match` (true) or without (false). @default both */
  readonly conditional?: boolean;
  readonly effect: RequestEffect;
}

type App = ReturnType<typeof buildApp>;

/** The faults of the endpoint's requests. What the host does in its own process meets none of them. */
export class RequestFaults extends FaultRules<RequestFault> {
  /** Puts the faults in front of what the app serves; its own hooks come after. */
  guard(app: App): void {
    const afterwards = new WeakMap<object, RequestEffect>();
    app.addHook('preHandler', (request, reply, done) => {
      const operation = operationOf(request);
      const effect = this.take((rule) => meets(rule, operation))?.effect;
      if (effect === undefined) return done();
      if (effect.kind === 'delay') {
        setTimeout(done, effect.delayMs);
      } else if (effect.when === 'after') {
        afterwards.set(request.raw, effect);
        done();
      } else if (effect.kind === 'fail') {
        const { contentType, body } = errorAnswer(effect.code, operation);
        reply.status(effect.status).header('content-type', contentType).send(body);
      } else if (effect.kind === 'drop') {
        request.raw.socket.destroy();
      }
      // Otherwise it hangs: nothing ever goes on with it.
    });
    // By now the request has been served.
    app.addHook('onSend', (request, reply, payload, done) => {
      const effect = afterwards.get(request.raw);
      if (effect === undefined) return done(null, payload);
      if (effect.kind === 'drop') request.raw.socket.destroy();
      if (effect.kind !== 'fail') return;
      const { contentType, body } = errorAnswer(effect.code, operationOf(request));
      // Length and checksums of what was to be sent.
      for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
      reply.status(effect.status).header('content-type', contentType);
      done(null, body);
    });
  }
}

function meets(rule: RequestFault, { operation, name, conditional }: Operation): boolean {
  return (
    rule.operation === operation &&
    (rule.name?.test(name) ?? true) &&
    (rule.conditional === undefined || rule.conditional === conditional)
  );
}

function errorAnswer(code: string, { protocol }: Operation): { readonly contentType: string; readonly body: string } {
  const message = 'failed by a fault';
  if (protocol === 'json') {
    return { contentType: 'application/x-amz-json-1.0', body: JSON.stringify({ __type: code, message }) };
  }
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { contentType: 'application/xml', body };
}
