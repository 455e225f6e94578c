/** The README's table of keys is the one that dispatches them. */
import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {keysAsMarkdown} from '../../source/ui/keys.js';

test('the README shows every key as it works', () => {
	expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain(keysAsMarkdown().trim());
});
