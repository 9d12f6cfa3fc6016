"""What dialled digits mean: german-rules sections 1.2 and 6.1 row by row."""

from __future__ import annotations

import pytest

from numbering.dial import Clir, Dialled, Line, NotDialable, normalise

COLOGNE = Line(area_code="221")


def outcome(text: str, line: Line = COLOGNE) -> str:
    """The result in one line: class and number, or the refusal's id."""
    result = normalise(text, line)
    if isinstance(result, NotDialable):
        return f"refused {result.id}"
    return f"{result.number_class} {result.number}"


EMERGENCY = """
    110                       emergency 110
    112                       emergency 112
    112555                    emergency 112
    1120                      emergency 112
    1101                      emergency 110
    1105551234567890123456789 emergency 110
    112#                      emergency 112
    112*1#                    emergency 112
    1-1-2                     emergency 112
    (110)                     emergency 110
    *31#112                   emergency 112
    #31#110                   emergency 110
    *31#112555                emergency 112
    %31%31%32                 emergency 112
    tel:110                   emergency 110
    tel:112;phone-context=+49 emergency 112
    sip:112@sip.example.com   emergency 112
    urn:service:sos           emergency 112
    urn:service:sos.fire      emergency 112
    urn:service:sos.police    emergency 110
    01033112                  emergency 112
    01033110                  emergency 110
    010033112                 emergency 112
    01033112555               emergency 112
    010-33-110                emergency 110
    0112                      refused emergency_with_prefix
    0110                      refused emergency_with_prefix
    0112555                   refused emergency_with_prefix
    0221112                   refused emergency_with_prefix
    0221110                   refused emergency_with_prefix
    0221110555                refused emergency_with_prefix
    030112                    refused emergency_with_prefix
    +49112                    refused emergency_with_prefix
    +49110                    refused emergency_with_prefix
    +49(0)112                 refused emergency_with_prefix
    0049112                   refused emergency_with_prefix
    00490112                  refused emergency_with_prefix
    +49221112                 refused emergency_with_prefix
    00112                     refused emergency_with_prefix
    +112                      refused emergency_with_prefix
    +112555                   refused emergency_with_prefix
    000112                    refused malformed_prefix
    *21#112                   refused unknown_feature_code
    02214710112               geographic +492214710112
    4710110                   geographic +492214710110
    +49221CC112               refused letters
    0221CC12                  refused letters
"""

SHORT_NUMBERS = """
    115             authority_115 115
    0115            authority_115 115
    +49115          authority_115 115
    0221115         authority_115 +49221115
    +4930115        authority_115 +4930115
    1150            refused number_too_long
    02211150        refused bad_subscriber_number
    116117          harmonised_116 116117
    116123          harmonised_116 116123
    116000          harmonised_116 116000
    116006          harmonised_116 116006
    116111          harmonised_116 116111
    116116          harmonised_116 116116
    0116116         harmonised_116 116116
    +49116116       harmonised_116 116116
    0049(0)116116   harmonised_116 116116
    0116117         harmonised_116 116117
    11611           refused number_too_short
    1161170         refused number_too_long
    0221116117      refused bad_subscriber_number
    124124          short_124124 124124
    0124124         unassigned +49124124
    19222           geographic +4922119222
    022119222       geographic +4922119222
    11833           directory 11833
    11880           directory 11880
    118000          directory 118000
    011833          directory 11833
    +4911880        directory 11880
    1183            refused number_too_short
    118331          refused number_too_long
    11800           refused number_too_short
    022111833       refused bad_subscriber_number
    1111            refused unknown_short_code
    117             refused unknown_short_code
    22044           refused mobile_short_code
    3311            refused mobile_short_code
    70123           refused mobile_short_code
    227700          refused mobile_short_code
    *100            refused unknown_feature_code
    *100#           refused unknown_feature_code
"""

NATIONAL = """
    01033022147100    call_by_call +491033022147100
    0103302214710000  refused number_too_long
    0100330           call_by_call +49100330
    01234567          unassigned +491234567
    01112345          refused unknown_short_code
    0141234           unassigned +49141234
    01371234567       mass_calling +491371234567
    01361234567       unassigned +491361234567
    01371000000       mass_calling +491371000000
    01379123456       mass_calling +491379123456
    01370123456       mass_calling +491370123456
    01381234          teledialog_0138 +491381234
    0138123           teledialog_0138 +49138123
    013812345678      teledialog_0138 +4913812345678
    015228817386      mobile +4915228817386
    01511234567       refused number_too_short
    01607654321       mobile +491607654321
    016097654321      mobile +4916097654321
    01627654321       mobile +491627654321
    01701234567       mobile +491701234567
    01791234567       mobile +491791234567
    0170123456        refused number_too_short
    01611234567       unassigned +491611234567
    01641234          paging +491641234
    01681234          paging +491681234
    01691234          paging +491691234
    018012345         shared_cost +4918012345
    01805123456       shared_cost +491805123456
    018071234567      shared_cost +4918071234567
    01800123456       unassigned +491800123456
    01808123456       unassigned +491808123456
    018112345678      vpn +4918112345678
    0181123           vpn +49181123
    01821234567       vpn +491821234567
    01881             vpn +491881
    01891234567890    vpn +491891234567890
    01901234567       unassigned +491901234567
    0191011           online_019x +49191011
    01941234          online_019x +491941234
    01951234          unassigned +491951234
    01981221          routing_0198_0199 +491981221
    0198911880        routing_0198_0199 +49198911880
    01986115          routing_0198_0199 +491986115
    01991             routing_0198_0199 +491991
    0310              test_031 +49310
    0311              test_031 +49311
    03121234          test_031 +493121234
    032212345678      national_subscriber +4932212345678
    0322123456        national_subscriber +49322123456
    0700123456        refused number_too_short
    070012345678      personal +4970012345678
    0700123456789     refused number_too_long
    08001234567       freephone +498001234567
    0800123456        freephone +49800123456
    08001234567890    freephone +498001234567890
    0080012345678     uifn +80012345678
    +80012345678      uifn +80012345678
    0080012345        uifn +80012345
    09001123456       premium +499001123456
    09003123456       premium +499003123456
    09005123456       premium +499005123456
    09002123456       premium +499002123456
    09009123456       premium +499009123456
    090091234567      premium +4990091234567
    0900123456        premium +49900123456
    02214710123       geographic +492214710123
    03023125000       geographic +493023125000
    04066969123       geographic +494066969123
    06990009123       geographic +496990009123
    08999998123       geographic +498999998123
    0212345678        geographic +49212345678
    02129123456       geographic +492129123456
    06215123456       geographic +496215123456
    0200912345        refused unknown_area_code
    0555512345        geographic +49555512345
    0500012345        refused unknown_area_code
    02210123456       refused bad_subscriber_number
    02214710          geographic +492214710
    02214710123456    geographic +492214710123456
    022147101234567   refused number_too_long
    02211             refused number_too_short
    0221              refused number_too_short
    0                 refused number_too_short
"""

SPELLINGS = """
    4710123                         geographic +492214710123
    +49(0)2214710123                geographic +492214710123
    00490221/4710123                geographic +492214710123
    ++492214710123                  geographic +492214710123
    +4902214710123                  geographic +492214710123
    +49-221-4710.123                geographic +492214710123
    (0221)/4710-123                 geographic +492214710123
    %2B492214710123                 geographic +492214710123
    0221%204710%2D123               geographic +492214710123
    0221%C2%A04710123               geographic +492214710123
    tel:+49-221-4710123             geographic +492214710123
    tel:4710123;phone-context=+49221  geographic +492214710123
    tel:2214710123;phone-context=+49  geographic +492214710123
    tel:02214710123;phone-context=+49 geographic +492214710123
    tel:4710123;phone-context=%2B49221 geographic +492214710123
    tel:4710123;phone-context=sip.example.com geographic +492214710123
    tel:+492214710123;phone-context=+43 geographic +492214710123
    tel:02214710123;phone-context=+43 refused bad_phone_context
    tel:4710123;phone-context=+4x   refused bad_phone_context
    sip:+492214710123@sip.example.com;user=phone geographic +492214710123
    sip:+492214710123;npdi;rn=+49@192.0.2.1 geographic +492214710123
    sips:02214710123@[2001:db8::1]:5061 geographic +492214710123
    02214710123@sip.example.com     geographic +492214710123
    *31#02214710123                 geographic +492214710123
    %2A31%2302214710123             geographic +492214710123
    02214710123#                    geographic +492214710123
    492214710123                    refused number_too_long
    0221-CALLNOW                    refused letters
    0221/4710-123DW5                refused letters
    0221/4710-123App.12             refused letters
    bob123456                       refused letters
    test2214710123                  refused letters
    anonymous                       refused letters
    user@host                       refused letters
    sip:alice@sip.example.com       refused letters
    0221471012\u0663                refused non_ascii_digit
    \uff10\uff12\uff12\uff11\uff14\uff17\uff11\uff10 refused non_ascii_digit
    0221471012%D9%A3                refused non_ascii_digit
    0221%00471                      refused control_character
    0221%0D%0A471                   refused control_character
    0221\u200e471                   refused control_character
    0221,471                        refused forbidden_character
    0221%253471                     refused bad_percent_encoding
    0221%4                          refused bad_percent_encoding
    0221%FF                         refused bad_percent_encoding
    sip:02214710123                 refused unknown_uri
    sip:0221@4710@sip.example.com   refused unknown_uri
    https://sip.example.com         refused unknown_uri
    urn:service:counseling          refused unknown_uri
    sip:@sip.example.com            refused empty
    ()                              refused empty
    *31#                            refused empty
    *21*02214710123#                refused unknown_feature_code
    **21*02214710123#               refused unknown_feature_code
    *31#*31#02214710123             refused unknown_feature_code
    0221*123                        refused unknown_feature_code
    +                               refused malformed_prefix
    +0221471                        refused malformed_prefix
    +49+221                         refused malformed_prefix
    0000                            refused malformed_prefix
    +4900221                        refused malformed_prefix
"""

ABROAD = """
    +442079460000      foreign_fixed +442079460000
    00442079460000     foreign_fixed +442079460000
    +44(0)2079460000   foreign_fixed +442079460000
    +447700900123      foreign_mobile +447700900123
    +12025550123       foreign_fixed_or_mobile +12025550123
    +390212345678      foreign_fixed +390212345678
    +19005550123       foreign_premium +19005550123
    +449012345678      foreign_premium +449012345678
    +44(0)9012345678   foreign_premium +449012345678
    +43900123456       foreign_premium +43900123456
    +430900123456      foreign_premium +43900123456
    +41900123456       foreign_premium +41900123456
    +447012345678      foreign_personal +447012345678
    +870301234567      satellite +870301234567
    +881612345678      satellite +881612345678
    +88213123456       international_network +88213123456
    +883510012345      international_network +883510012345
    +88812345678901    international_network +88812345678901
    +878101234567890   international_personal +878101234567890
    +979123456789      international_premium +979123456789
    +80812345678       international_shared_cost +80812345678
    +10234567890       foreign_unassigned +10234567890
    +1900              foreign_premium +1900
    +999123456         refused unknown_country_code
    +2101234567        refused unknown_country_code
    +44123             refused number_too_short
    +4420794600001234  refused number_too_long
"""


def rows(table: str) -> list[tuple[str, str]]:
    return [tuple(line.split(maxsplit=1)) for line in table.splitlines() if line.strip()]  # type: ignore[misc]


@pytest.mark.parametrize(("dialled", "expected"), rows(EMERGENCY))
def test_emergency_digits_follow_notrufv_4_5(dialled: str, expected: str) -> None:
    """B8."""
    assert outcome(dialled) == expected


@pytest.mark.parametrize(("dialled", "expected"), rows(SHORT_NUMBERS))
def test_short_numbers(dialled: str, expected: str) -> None:
    assert outcome(dialled) == expected


@pytest.mark.parametrize(("dialled", "expected"), rows(NATIONAL))
def test_every_national_range_has_its_class(dialled: str, expected: str) -> None:
    """B5: german-rules 1.2."""
    assert outcome(dialled) == expected


@pytest.mark.parametrize(("dialled", "expected"), rows(SPELLINGS))
def test_a_spelling_is_understood_or_refused_with_its_reason(dialled: str, expected: str) -> None:
    assert outcome(dialled) == expected


@pytest.mark.parametrize(("dialled", "expected"), rows(ABROAD))
def test_foreign_numbers_have_a_class(dialled: str, expected: str) -> None:
    """B7."""
    assert outcome(dialled) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "\t", "\n", "0221\t471", "0221\r\n471", "\x00", "0" * 257 + "x", "²", "½"]
)
def test_what_is_no_dial_string_is_refused(text: str) -> None:
    assert outcome(text).startswith("refused ")


def test_spaces_of_address_books_do_not_matter() -> None:
    assert outcome("  +49 221 4710 123 ") == outcome("0221\u00a04710\u00a0123") == "geographic +492214710123"


def test_a_feature_code_withholds_or_shows_the_number_for_this_call() -> None:
    """B4."""
    asked = [normalise(code + "02214710123", COLOGNE) for code in ("*31#", "#31#", "")]
    assert [a.clir for a in asked if isinstance(a, Dialled)] == [Clir.WITHHOLD, Clir.SHOW, None]


@pytest.mark.parametrize("text", ["110", "*31#112", "01033112", "112555"])
def test_an_emergency_call_is_marked_as_one(text: str) -> None:
    dialled = normalise(text, Line(area_code=None))
    assert isinstance(dialled, Dialled)
    assert dialled.emergency == dialled.number
    assert dialled.country == "DE"


@pytest.mark.parametrize("text", ["02214710123", "115", "116117", "124124", "+442079460000"])
def test_no_other_call_is_marked_as_emergency(text: str) -> None:
    dialled = normalise(text, COLOGNE)
    assert isinstance(dialled, Dialled)
    assert dialled.emergency is None


def test_a_trunk_that_sends_e164_without_plus_is_understood() -> None:
    trunk = Line(area_code=None, plus_optional=True)
    assert outcome("492214710123", trunk) == "geographic +492214710123"
    assert outcome("442079460000", trunk) == "foreign_fixed +442079460000"
    assert outcome("02214710123", trunk) == "geographic +492214710123"
    assert outcome("499001123456", trunk) == "premium +499001123456"
    assert outcome("49112", trunk) == "refused emergency_with_prefix"
    assert outcome("112", trunk) == "emergency 112"
    assert outcome("112555", trunk) == "emergency 112"
    assert outcome("116117", trunk) == "harmonised_116 116117"


def test_a_line_that_sends_both_local_and_e164_digits_is_understood() -> None:
    mixed = Line(area_code="221", plus_optional=True)
    assert outcome("4710123", mixed) == "geographic +492214710123"
    assert outcome("492214710123", mixed) == "geographic +492214710123"
    assert outcome("499001123456", mixed) == "premium +499001123456"
    assert outcome("442079460000", mixed) == "foreign_fixed +442079460000"
    assert outcome("4532123456", mixed) == "foreign_fixed_or_mobile +4532123456"
    assert outcome("2101234567", mixed) == "geographic +492212101234567"
    assert outcome("112", mixed) == "emergency 112"


def test_a_line_without_an_area_code_cannot_dial_locally() -> None:
    assert outcome("4710123", Line(area_code=None)) == "refused no_area_code"


def test_a_local_number_gets_the_area_code_of_its_line() -> None:
    assert outcome("23125000", Line(area_code="30")) == "geographic +493023125000"


def test_a_line_abroad_does_not_reach_german_emergency_control_centres() -> None:
    """NotrufV § 4(5) sentence 4."""
    vienna = Line(area_code=None, country="43")
    assert outcome("112", vienna) == outcome("110", vienna) == "refused emergency_from_abroad"
    assert outcome("00492214710123", vienna) == outcome("+492214710123", vienna) == "geographic +492214710123"
    assert outcome("0900123456", vienna) == "foreign_premium +43900123456"
    assert outcome("4710123", vienna) == "refused no_area_code"
    assert outcome("492214710123", Line(None, "43", plus_optional=True)) == "geographic +492214710123"


def test_a_refusal_for_its_length_says_which_class_it_would_have_been() -> None:
    refused = normalise("01511234567", COLOGNE)
    assert isinstance(refused, NotDialable)
    assert refused.number_class == "mobile"
    assert refused.sentence.endswith(".")
