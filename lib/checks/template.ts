/** A CloudFormation template, as far as checks look into it. */
import { readFileSync } from 'node:fs';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly text: string;
  readonly resources: Readonly<Record<string, TemplateResource>>;
}

export function readTemplate(path: string): Template {
  const text = readFileSync(path, 'utf8');
  const { Resources: resources = {} } = JSON.parse(text) as { Resources?: Template['resources'] };
  return { text, resources };
}

/** The logical id of what `{"Fn::GetAtt": [id, attribute]}` or `{"Ref": id}` names; undefined for anything else. */
export function referred(value: unknown): string | undefined {
  const { Ref, 'Fn::GetAtt': attribute } = (value ?? {}) as { Ref?: string; 'Fn::GetAtt'?: readonly string[] };
  return Ref ?? attribute?.[0];
}
