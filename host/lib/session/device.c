/* SPDX-License-Identifier: Apache-2.0 */
/* Devices by name. */
#include <string.h>

#include "millrace/backend_model.h"
#include "session/session.h"
#ifdef MR_HAVE_SIM
#include "millrace/backend_sim.h"
#endif

const char *mr_device_names(void) {
#ifdef MR_HAVE_SIM
    return "model, sim";
#else
    return "model";
#endif
}

mr_status_t mr_device_open(const char *name, mr_mmio_t *mmio, mr_session_error_t *error) {
    mr_status_t status = MR_NOT_FOUND;
    if (strcmp(name, "model") == 0) {
        mr_backend_model_config_t config;
        mr_backend_model_default_config(&config);
        status = mr_backend_model_create(&config, mmio);
    }
#ifdef MR_HAVE_SIM
    if (strcmp(name, "sim") == 0) {
        status = mr_backend_sim_create(mmio);
    }
#endif
    if (status == MR_NOT_FOUND) {
        return mr_gguf_fail(error, status, NULL, "no device '%s' in this build; choose one of: %s",
                            name, mr_device_names());
    }
    if (status != MR_OK) {
        return mr_gguf_fail(error, status, NULL, "cannot open device '%s': %s%s", name,
                            mr_status_text(status),
                            status == MR_NO_MEMORY ? "; close other programs" : "");
    }
    return MR_OK;
}

const char *mr_device_fault(const mr_mmio_t *mmio) {
#ifdef MR_HAVE_SIM
    return mr_backend_sim_fault(mmio);
#else
    (void)mmio;
    return NULL;
#endif
}
