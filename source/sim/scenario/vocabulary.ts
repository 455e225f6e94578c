/** Words of the language that several of its parts share: architectures, and fio's rw and verify. */

/** Where drivers and backends run; `under:` may speak of all of them. */
export const architectures = ['xen1', 'xen2', 'driver-domains'] as const;
export type Architecture = (typeof architectures)[number];

/** fio's rw=; it knows readwrite as another name of rw. */
export const readWriteWords = ['read', 'write', 'randread', 'randwrite', 'rw', 'randrw'] as const;
export type ReadWrite = (typeof readWriteWords)[number];

/** fio's verify=. The oracle compares every byte whatever the method; the word is kept for those who know it. */
export const verifyWords = [
	'crc32c',
	'crc32',
	'crc16',
	'crc64',
	'md5',
	'sha1',
	'sha256',
	'sha512',
	'xxhash',
	'pattern',
] as const;
export type VerifyWord = (typeof verifyWords)[number];
