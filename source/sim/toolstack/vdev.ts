/**
Numbers of virtual disks (docs/man/xen-vbd-interface.7.pandoc): what a vdev name such as xvda means to both ends. Disks
of Xen, and for old guests those that look like IDE or SCSI disks.
*/

const name = /^(xvd|hd|sd)([a-z]{1,4})(0|[1-9]\d{0,2})?$/;
const numbered = /^d(0|[1-9]\d{0,6})(?:p(0|[1-9]\d{0,2}))?$/;

/**
The number of a virtual disk: 51712 for xvda, 51713 for xvda1, 51728 for xvdb. Also takes `d0p1` and the number itself.
@returns -1 when it names none.
*/
export function vdevNumber(vdev: string): number {
	const plain = numbered.exec(vdev);
	if (plain !== null) {
		return xenDisk(Number(plain[1]), Number(plain[2] ?? 0));
	}

	if (/^(0|[1-9]\d{0,8})$/.test(vdev)) {
		return Number(vdev);
	}

	const found = name.exec(vdev);
	if (found === null) {
		return -1;
	}

	const [, kind, letters, digits = '0'] = found;
	let disk = -1;
	for (let i = 0; i < letters.length; i++) {
		disk = (disk + 1) * 26 + letters.charCodeAt(i) - 97;
	}

	const partition = Number(digits);
	switch (kind) {
		case 'xvd':
			return xenDisk(disk, partition);
		case 'hd':
			return disk > 3 || partition > 63 ? -1 : ((disk < 2 ? 3 : 22) << 8) | ((disk & 1) << 6) | partition;
		default:
			return disk > 15 || partition > 15 ? -1 : (8 << 8) | (disk << 4) | partition;
	}
}

function xenDisk(disk: number, partition: number): number {
	if (disk >= 1 << 20 || partition > 255) {
		return -1;
	}

	return disk < 16 && partition < 16 ? (202 << 8) | (disk << 4) | partition : (1 << 28) | (disk << 8) | partition;
}
