import { usageError } from '../../core/errors/errors.js';
import { GROUP_FIELDS, type GroupField } from '../../core/message/dead-letter-groups.js';

/** Reads `user,reason`. */
export function parseGroupFields(text: string): readonly GroupField[] {
  const fields = text.split(',').map((field) => field.trim());
  const known = fields.filter((field): field is GroupField => GROUP_FIELDS.some((one) => one === field));
  if (known.length === fields.length && new Set(known).size === known.length) return known;
  throw usageError('BAD_GROUP_FIELDS', `--by ${text}: this is not a list of fields`, {
    hint: `Give some of ${GROUP_FIELDS.join(', ')}, with commas between, such as user,reason.`,
  });
}
