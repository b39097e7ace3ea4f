/** An HTTP answer of the parts of AWS that `fauxqs` does not have. */
export interface ShimAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}
