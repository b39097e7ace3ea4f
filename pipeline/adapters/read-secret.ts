/** Secrets Manager. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { whenAvailable } from './aws-unavailable.ts';

/**
 * The secret's text, as it is now.
 * @throws Error when the secret has no text, or may not be read; PipelineError `UNAVAILABLE` when it cannot be now.
 */
export async function readSecret(arn: string, client = new SecretsManagerClient({})): Promise<string> {
  const command = new GetSecretValueCommand({ SecretId: arn });
  const { SecretString } = await whenAvailable('Secrets Manager', () => client.send(command));
  if (!SecretString) {
    throw new Error(`Cannot read the secret "${arn}": it holds no text, put the value in as plain text`);
  }
  return SecretString;
}
