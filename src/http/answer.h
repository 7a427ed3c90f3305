#pragma once

#include <string>

#include "http/message.h"

namespace sdp::http {

/// An answer that is text and is kept by nobody.
Response text_answer(unsigned status, std::string text);

/// Adds what every answer says to a browser, where the answer itself says nothing else: no script, style or
/// picture but the server's own, in no frame of others.
Response with_common_headers(Response response);

/// An answer in one line of text, with the headers that all answers have.
Response refusal(unsigned status, std::string text);

}  // namespace sdp::http
