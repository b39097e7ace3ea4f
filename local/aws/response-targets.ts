/** Where custom resources send their result: the stand-in for CloudFormation's pre-signed S3 URLs. */
import { randomUUID } from 'node:crypto';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
export interface CustomResourceResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** The path's first segment. S3 has no bucket of this name, because bucket names have no underscore. */
export const RESPONSE_FOLDER = '_cloudformation';

/** Each target takes one PUT. */
export class ResponseTargets {
  readonly #waiting = new Map<string, (response: CustomResourceResponse) => void>();

  /** A path for one custom resource's ResponseURL and the response that will arrive there. */
  open(): { readonly path: string; readonly response: Promise<CustomResourceResponse> } {
    const id = randomUUID();
    const response = new Promise<CustomResourceResponse>((resolve) => this.#waiting.set(id, resolve));
    return { path: `/${RESPONSE_FOLDER}/${id}`, response };
  }

  /** @returns false when nobody waits at this path. @throws SyntaxError when the body is not JSON. */
  accept(id: string, body: string): boolean {
    const resolve = this.#waiting.get(id);
    if (resolve === undefined) return false;
    resolve(JSON.parse(body) as CustomResourceResponse);
    return this.#waiting.delete(id);
  }
}
