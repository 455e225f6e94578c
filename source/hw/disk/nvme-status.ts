/**
Status of NVMe completions: status code type << 8 | status code. After NVMe base specification 1.4 §4.6.1.
*/
export const success = 0x000;
export const invalidOpcode = 0x001;
export const invalidField = 0x002;
export const commandIdConflict = 0x003;
export const dataTransferError = 0x004;
export const internalError = 0x006;
export const abortRequested = 0x007;
export const abortedByQueueDeletion = 0x008;
export const invalidNamespace = 0x00b;
export const commandSequenceError = 0x00c;
export const invalidPrpOffset = 0x013;
export const lbaOutOfRange = 0x080;

export const invalidCompletionQueue = 0x100;
export const invalidQueueIdentifier = 0x101;
export const invalidQueueSize = 0x102;
export const abortLimitExceeded = 0x103;
export const asyncEventLimitExceeded = 0x105;
export const invalidInterruptVector = 0x108;
export const invalidLogPage = 0x109;
export const invalidQueueDeletion = 0x10c;
export const featureNotSaveable = 0x10d;

/** Do Not Retry: the same command would fail the same way. Aborts, transfer, internal and media errors may pass the next time. */
export function doNotRetry(status: number): boolean {
	return (
		status !== success &&
		status !== dataTransferError &&
		status !== internalError &&
		status !== abortRequested &&
		status !== abortedByQueueDeletion &&
		status < 0x200
	);
}
