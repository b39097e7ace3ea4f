/** What a template says about one Lambda function, with the host's own values in its environment. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  /** The asset's folder: LAMBDA_TASK_ROOT. */
  readonly codeDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** Environments at the same time. */
  readonly concurrency: number;
  readonly logFile: string;
  /** Where each environment gets a folder of its own, which stands for its /tmp. */
  readonly temporaryDir: string;
}
