/* Prints what the real headers say of the XenStore protocol: one `name value` a line. Built by xenstore.test.ts. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <xen/io/xs_wire.h>
#include <xen/io/xenbus.h>

#define SHOW(name, value) printf("%s %ld\n", name, (long)(value))
#define FIELD(field) SHOW(#field, offsetof(struct xenstore_domain_interface, field))

int main(void)
{
	SHOW("control", XS_CONTROL);
	SHOW("directory", XS_DIRECTORY);
	SHOW("read", XS_READ);
	SHOW("getPermissions", XS_GET_PERMS);
	SHOW("watch", XS_WATCH);
	SHOW("unwatch", XS_UNWATCH);
	SHOW("transactionStart", XS_TRANSACTION_START);
	SHOW("transactionEnd", XS_TRANSACTION_END);
	SHOW("introduce", XS_INTRODUCE);
	SHOW("release", XS_RELEASE);
	SHOW("getDomainPath", XS_GET_DOMAIN_PATH);
	SHOW("write", XS_WRITE);
	SHOW("makeDirectory", XS_MKDIR);
	SHOW("remove", XS_RM);
	SHOW("setPermissions", XS_SET_PERMS);
	SHOW("watchEvent", XS_WATCH_EVENT);
	SHOW("error", XS_ERROR);
	SHOW("isDomainIntroduced", XS_IS_DOMAIN_INTRODUCED);
	SHOW("resume", XS_RESUME);
	SHOW("setTarget", XS_SET_TARGET);
	SHOW("resetWatches", XS_RESET_WATCHES);
	SHOW("directoryPart", XS_DIRECTORY_PART);
	SHOW("header", sizeof(struct xsd_sockmsg));
	SHOW("payload", XENSTORE_PAYLOAD_MAX);
	SHOW("absolute", XENSTORE_ABS_PATH_MAX);
	SHOW("relative", XENSTORE_REL_PATH_MAX);
	SHOW("ring", XENSTORE_RING_SIZE);
	FIELD(req);
	FIELD(rsp);
	FIELD(req_cons);
	FIELD(req_prod);
	FIELD(rsp_cons);
	FIELD(rsp_prod);
	FIELD(server_features);
	FIELD(connection);
	SHOW("error-field", offsetof(struct xenstore_domain_interface, error));
	SHOW("featureError", XENSTORE_SERVER_FEATURE_ERROR);
	SHOW("errorCommunication", XENSTORE_ERROR_COMM);
	SHOW("errorRingIndex", XENSTORE_ERROR_RINGIDX);
	SHOW("errorProtocol", XENSTORE_ERROR_PROTO);
	for (unsigned i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		SHOW(xsd_errors[i].errstring, i);
	SHOW("Unknown", XenbusStateUnknown);
	SHOW("Initialising", XenbusStateInitialising);
	SHOW("InitWait", XenbusStateInitWait);
	SHOW("Initialised", XenbusStateInitialised);
	SHOW("Connected", XenbusStateConnected);
	SHOW("Closing", XenbusStateClosing);
	SHOW("Closed", XenbusStateClosed);
	SHOW("Reconfiguring", XenbusStateReconfiguring);
	SHOW("Reconfigured", XenbusStateReconfigured);

	/* A message as the real struct lays it out. */
	struct xsd_sockmsg header = {XS_WRITE, 0x01020304, 7, 4};
	const unsigned char *bytes = (const unsigned char *)&header;
	printf("message ");
	for (size_t i = 0; i < sizeof(header); i++)
		printf("%02x", bytes[i]);
	printf("\n");
	return 0;
}
